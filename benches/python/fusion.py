STEPS = 50
dt = 0.005


def print_i32(value):
    pass


class Vector:
    def __init__(self, x, y, z):
        self.x = x
        self.y = y
        self.z = z


class Attitude:
    def __init__(self):
        self.w = 1.0
        self.x = 0.0
        self.y = 0.0
        self.z = 0.0
        self.drift = Vector(0.0, 0.0, 0.0)


class Body:
    def __init__(self):
        self.down = Vector(0.0, 0.6, 0.8)
        self.rate = Vector(0.0, 0.0, 0.0)


class Noise:
    def __init__(self, state):
        self.state = state

    def next(self):
        self.state = next_random(self.state)
        return float(signed(self.state) >> 16) * (1.0 / 32768.0)


def clamp(x, low, high):
    return low if x < low else high if x > high else x


def inverse_root(x):
    y = 1.5 - 0.5 * clamp(x, 0.25, 2.0)
    for _ in range(3):
        y = y * (1.5 - 0.5 * x * y * y)
    return y


def unit(v):
    scale = inverse_root(v.x * v.x + v.y * v.y + v.z * v.z)
    return Vector(v.x * scale, v.y * scale, v.z * scale)


def cross(a, b):
    return Vector(
        a.y * b.z - a.z * b.y,
        a.z * b.x - a.x * b.z,
        a.x * b.y - a.y * b.x,
    )


def estimated_down(q):
    return Vector(
        2.0 * (q.x * q.z - q.w * q.y),
        2.0 * (q.w * q.x + q.y * q.z),
        q.w * q.w - q.x * q.x - q.y * q.y + q.z * q.z,
    )


def update(q, gyro, accel):
    proportional = 1.0
    integral = 0.1
    error = cross(unit(accel), estimated_down(q))
    drift = q.drift
    drift.x += integral * dt * error.x
    drift.y += integral * dt * error.y
    drift.z += integral * dt * error.z
    x = 0.5 * dt * (gyro.x + proportional * error.x + drift.x)
    y = 0.5 * dt * (gyro.y + proportional * error.y + drift.y)
    z = 0.5 * dt * (gyro.z + proportional * error.z + drift.z)

    ow = q.w
    ox = q.x
    oy = q.y
    oz = q.z
    q.w -= ox * x + oy * y + oz * z
    q.x += ow * x + oy * z - oz * y
    q.y += ow * y - ox * z + oz * x
    q.z += ow * z + ox * y - oy * x
    scale = inverse_root(q.w * q.w + q.x * q.x + q.y * q.y + q.z * q.z)
    q.w *= scale
    q.x *= scale
    q.y *= scale
    q.z *= scale


def set_motor(duty):
    duty = clamp(duty, 0.0, 1.0)
    print_i32(int(duty * 1000.0))
    return duty


def move(b, torque, noise):
    rate = b.rate
    rate.x += dt * (40.0 * torque.x - rate.x + 4.0 * noise.next())
    rate.y += dt * (40.0 * torque.y - rate.y + 4.0 * noise.next())
    rate.z += dt * (10.0 * torque.z - rate.z)
    turn = cross(b.down, rate)
    b.down.x += dt * turn.x
    b.down.y += dt * turn.y
    b.down.z += dt * turn.z
    b.down = unit(b.down)


def step(attitude, body, noise):
    gyro = Vector(
        body.rate.x + 0.02 + 0.01 * noise.next(),
        body.rate.y - 0.01 + 0.01 * noise.next(),
        body.rate.z + 0.01 * noise.next(),
    )
    accel = Vector(
        body.down.x + 0.05 * noise.next(),
        body.down.y + 0.05 * noise.next(),
        body.down.z + 0.05 * noise.next(),
    )
    update(attitude, gyro, accel)

    down = estimated_down(attitude)
    roll = -1.5 * down.y - 0.25 * gyro.x
    pitch = 1.5 * down.x - 0.25 * gyro.y
    yaw = -0.2 * gyro.z
    front_left = set_motor(0.5 + roll + pitch - yaw)
    front_right = set_motor(0.5 - roll + pitch + yaw)
    rear_left = set_motor(0.5 + roll - pitch + yaw)
    rear_right = set_motor(0.5 - roll - pitch - yaw)
    torque = Vector(
        0.25 * (front_left + rear_left - front_right - rear_right),
        0.25 * (front_left + front_right - rear_left - rear_right),
        0.25 * (front_right + rear_left - front_left - rear_right),
    )
    move(body, torque, noise)


def run(n):
    total = 0
    noise = Noise(30)
    attitude = Attitude()
    body = Body()
    for _ in range(n):
        for _ in range(STEPS):
            step(attitude, body, noise)
        total = fold(total, int(attitude.w * 16777216.0))
        total = fold(total, int(body.down.y * 16777216.0))
        total = fold(total, int(attitude.drift.x * 16777216.0))
    return signed(total)
